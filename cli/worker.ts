/** Entry of the engine's worker threads: the built-in plugins, serving tasks. */
import { catalog } from '#connectors/catalog.ts';
import { serveTasks } from '#engine/task-worker.ts';

// Not awaited at the top: the bundle is CommonJS. A rejection ends the thread, and its starter is told.
void serveTasks(catalog);
