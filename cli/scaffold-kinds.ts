/** The kinds of plugins that `ropeway new plugin` can begin: a folder of `templates/plugin` each. */
export const scaffoldKinds = ['input', 'output', 'filter', 'parser', 'formatter', 'decoder', 'encoder'] as const;

export type ScaffoldKind = (typeof scaffoldKinds)[number];
