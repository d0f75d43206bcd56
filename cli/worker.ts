/** Entry of the engine's worker threads: the built-in plugins, serving tasks. */
import { catalog } from '#connectors/catalog.ts';
import { serveTasks } from '#engine/task-worker.ts';

await serveTasks(catalog);
