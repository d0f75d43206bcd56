/** Variables: values that settings of a transfer name as `$name$`, other ones in each run. */
import { z } from 'zod';
import { id, instant } from '#api/fields.ts';
import { jobConfig } from './run-settings.ts';

export const VARIABLE_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Of one definition. */
export const DECLARED_MAX = 100;
export const VALUE_LENGTH_MAX = 10_000;
/** Of minutes about two years, of months more than the calendar has. */
export const QUANTITY_MAX = 1_000_000;
export const QUERY_LENGTH_MAX = 100_000;
const FORMAT_LENGTH_MAX = 200;
const OPTIONS_MAX = 1000;
/** A pattern is tried on values of this length at most: it must come to an end. */
const PATTERN_LENGTH_MAX = 500;

export const variableName = z
  .string()
  .regex(VARIABLE_PATTERN, 'a letter or _, then letters, digits and _, 64 in all')
  .describe('Settings name it between dollar signs: `$name$`.');

export const variableValue = z.string().max(VALUE_LENGTH_MAX);

export const variableSide = z
  .enum(['in', 'out', 'both'])
  .describe('Whose settings may name it: those of the source, of the destination, or both. Filters may name any.');
export type VariableSide = z.output<typeof variableSide>;

export const timeUnit = z
  .enum(['minute', 'hour', 'day', 'month', 'first_day_of_month', 'last_day_of_month', 'last_day_of_previous_month'])
  .describe(
    'Minutes and hours are stretches of time, the others are of the calendar in the zone and keep the time of day. A ' +
      'day that a month lacks becomes its last one. Of the days of months the quantity counts months.',
  );

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const timeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, 'there is no such time zone')
  .describe('A zone of the IANA database.')
  .meta({ examples: ['Asia/Tokyo'] });

const format = z
  .string()
  .min(1)
  .max(FORMAT_LENGTH_MAX)
  .describe("Ruby's strftime.")
  .meta({ examples: ['%Y%m%d', '%Y-%m-%dT%H:%M:%S%:z'] });

const timeFields = {
  quantity: z.int().min(0).max(QUANTITY_MAX).default(0).describe('How many units.'),
  unit: timeUnit.default('day'),
  direction: z.enum(['ago', 'later']).default('ago').describe('To which side of the instant.'),
  format: format.default('%Y-%m-%d'),
  timeZone: timeZone.default('Etc/UTC'),
};

const declaredFields = {
  name: variableName,
  side: variableSide.default('both'),
  description: z.string().max(1000).optional().describe('For people.'),
  options: z.array(variableValue).min(1).max(OPTIONS_MAX).optional().describe('A value that is given is one of these.'),
  pattern: z
    .string()
    .min(1)
    .max(PATTERN_LENGTH_MAX)
    .optional()
    .describe(
      'A regular expression that the whole of a value that is given matches. Without it, and without options, what may ' +
        'be given depends on the settings that name the variable: those that are code take little.',
    ),
};

const textVariable = z.strictObject({
  kind: z.literal('text'),
  ...declaredFields,
  value: variableValue.default('').describe('What it is unless a run is given another one.'),
});

const timeAtQueue = z.strictObject({ kind: z.literal('time_at_queue'), ...declaredFields, ...timeFields });
const timeAtStart = z.strictObject({ kind: z.literal('time_at_start'), ...declaredFields, ...timeFields });

const lastSuccess = z.strictObject({
  kind: z.literal('last_success'),
  ...declaredFields,
  format: format.default('%Y-%m-%dT%H:%M:%S%:z'),
  timeZone: timeZone.default('Etc/UTC'),
  never: variableValue.describe('What it is before the first run that succeeded.'),
});

const queryVariable = z.strictObject({
  kind: z.literal('query'),
  ...declaredFields,
  connection: z.string().min(1).max(200).describe('Id or name of a connection to a database.'),
  query: z
    .string()
    .min(1)
    .max(QUERY_LENGTH_MAX)
    .describe('SQL with one row; the first column is the value. It may name other variables.'),
  missing: variableValue
    .optional()
    .describe('What it is when there is no row, or null; without it the run fails then.'),
  format: format.default('%Y-%m-%d %H:%M:%S.%6N').describe("Of a date or time: Ruby's strftime."),
  timeZone: timeZone.default('Etc/UTC').describe('Of a date or time.'),
  timeoutS: z.int().min(1).max(600).default(60).describe('Longest time of the query, in seconds.'),
  onRetry: z
    .enum(['keep', 'ask'])
    .default('keep')
    .describe('Whether a further attempt of a run keeps the value of the one before, or asks again.'),
});

export const variable = z
  .discriminatedUnion('kind', [textVariable, timeAtQueue, timeAtStart, lastSuccess, queryVariable])
  .meta({
    id: 'Variable',
    title: 'Variable',
    description:
      'A value that settings name as `$name$`. `time_at_queue`: about the instant of the run, which is its slot, the ' +
      'instant that it was given, or that of its creation. `time_at_start`: about the instant when its first attempt ' +
      'began. `last_success`: when the last run that succeeded began. `query`: asked for before each run.',
  });
export type Variable = z.output<typeof variable>;
export type TimeVariable = Extract<Variable, { kind: 'time_at_queue' | 'time_at_start' }>;
export type QueryVariable = Extract<Variable, { kind: 'query' }>;

export const variableList = z
  .array(variable)
  .max(DECLARED_MAX)
  .describe('Variables that the configuration names as `$name$`.');

export const givenValues = z
  .record(variableName, variableValue)
  .refine((values) => Object.keys(values).length <= DECLARED_MAX, `at most ${DECLARED_MAX}`)
  .describe('Values for this run, by the name of the variable: they go before what is declared.');

export const runValue = z
  .object({
    name: variableName,
    side: variableSide,
    kind: z.enum(['text', 'time_at_queue', 'time_at_start', 'last_success', 'query']),
    value: z.string().nullable().describe('Null while it is not known.'),
    isGiven: z.boolean().describe('It was given for this run.'),
  })
  .meta({ id: 'RunValue', title: 'Value of a variable in a run' });
export type RunValue = z.output<typeof runValue>;

const inserted = z.object({
  path: z.array(z.union([z.string(), z.int()])).describe('Keys from the top of the configuration.'),
  text: z.string().describe('What the run will see; what is not known yet stands as `$name$`.'),
});

const firing = z
  .object({
    at: instant.describe('The instant that the run would be about.'),
    scheduleId: id.nullable().describe('The schedule; null for a run by hand.'),
    values: z.array(runValue),
    fields: z.array(inserted).describe('Settings that name variables, with the values in place.'),
    problems: z.array(z.string()).describe('Why such a run would not be created.'),
  })
  .meta({ id: 'VariableFiring', title: 'What a run would get' });
export type VariableFiring = z.output<typeof firing>;

export const variablePreview = z
  .object({
    variables: variableList,
    run: firing.describe('A run by hand, at the instant and with the values that were asked about.'),
    firings: z.array(firing).describe('The next ones of the schedules, the first one first.'),
  })
  .meta({
    id: 'VariablePreview',
    title: 'Preview of variables',
    description: 'Of `time_at_start` as if the run began at once; of `last_success` as it is now; of `query` nothing.',
  });
export type VariablePreview = z.output<typeof variablePreview>;

export const FIRINGS_MAX = 20;

const previewFields = {
  at: instant.optional().describe('The instant of the run by hand; by default now.'),
  values: givenValues.default({}),
  count: z.int().min(0).max(FIRINGS_MAX).default(5).describe('How many firings of schedules.'),
};

export const previewOfTransfer = z.strictObject({
  ...previewFields,
  revision: z.int().min(1).optional().describe('Another revision than the current one.'),
  variables: variableList.optional().describe('Instead of those of the revision.'),
});

/** Of a configuration that is not saved yet. */
export const previewOfConfig = z.strictObject({
  at: previewFields.at,
  values: previewFields.values,
  config: jobConfig,
  variables: variableList.default([]),
  groupId: id.nullable().default(null).describe('The group that the transfer would belong to.'),
});
