/** Packages of plugins as others write them: a package.json and a few modules. */
import type { Workspace } from './workspace.ts';

/** A filter that puts all texts into capitals, in plain JavaScript. */
export const shoutModule = `import { plugin } from 'ropeway/spi/plugin.js';
import { VectorBuilder } from 'ropeway/spi/vector-builder.js';
import { isNull, stringAt } from 'ropeway/spi/batch.js';
import { z } from 'zod';

const filter = {
  isRowwise: true,
  open(_config, schema) {
    const builders = schema.columns.map(({ type }) => (type === 'string' ? new VectorBuilder('string') : undefined));
    return {
      schema,
      apply(batch) {
        const vectors = batch.vectors.map((vector, index) => {
          const builder = builders[index];
          if (builder === undefined) return vector;
          builder.begin(batch.rowCount);
          for (let row = 0; row < batch.rowCount; row++) {
            if (!isNull(vector, row)) builder.setString(row, stringAt(vector, row).toUpperCase());
          }
          return builder.take();
        });
        return { ...batch, vectors };
      },
    };
  },
};

export const plugins = [
  plugin({
    kind: 'filter',
    name: 'shout',
    title: 'Shout',
    summary: 'Puts all texts into capitals.',
    stability: 'stable',
    config: async () => z.strictObject({}),
    examples: [{ title: 'All', yaml: 'type: shout\\n' }],
    load: async () => filter,
  }),
];
`;

export interface PluginFolder {
  readonly name?: string;
  /** What package.json says under "ropeway". */
  readonly ropeway?: unknown;
  readonly module?: string;
}

/** Writes the package into the folder of the workspace. */
export async function writePlugins(place: Workspace, folder: string, parts: PluginFolder = {}): Promise<void> {
  const { name = `ropeway-plugin-${folder.replaceAll('/', '-')}`, module = shoutModule } = parts;
  const ropeway = 'ropeway' in parts ? parts.ropeway : { spi: 1, plugins: './plugins.js' };
  await place.write(`${folder}/package.json`, JSON.stringify({ name, type: 'module', ropeway }));
  await place.write(`${folder}/plugins.js`, module);
}
