/** What is tried in a bucket before a job relies on it: as far as inputs and outputs go, and nothing stays. */
import { randomBytes } from 'node:crypto';
import { isRopewayError } from '#spi/errors.ts';
import type { CheckStep, ConnectionUse, Untried } from '#spi/connections.ts';
import type { ObjectSource, ObjectTarget, StoredObject } from './store.ts';

export interface CheckedBucket {
  readonly bucket: string;
  /** How the keys begin that are looked at and written. */
  readonly prefix: string;
  readonly source: ObjectSource;
  readonly target: Pick<ObjectTarget, 'createUpload' | 'uploadPart' | 'abortUpload'>;
  /** The first page of its objects. */
  firstObjects(): Promise<readonly StoredObject[]>;
  /** The code of an error that says that a right is missing. */
  readonly deniedCode: string;
  readonly signal: AbortSignal;
}

/** Shown without a number when there are more. */
const COUNTED_MAX = 1000;

export interface BucketUse {
  /** Whom the store takes us for. */
  readonly who: string;
  readonly use: ConnectionUse | undefined;
}

export function bucketSteps(open: () => Promise<CheckedBucket>, { who, use }: BucketUse): CheckStep[] {
  let objects: readonly StoredObject[] = [];
  let denied: Untried | undefined;
  return [
    {
      name: 'log_in',
      async run() {
        const checked = await open();
        const because = `Objects of ${checked.bucket} may not be listed, as an input with a prefix has to.`;
        const found = await unlessDenied(checked, because, async () => {
          objects = await checked.firstObjects();
          return '';
        });
        // Whoever is denied something is known.
        if (typeof found !== 'string') denied = found;
        return `${checked.bucket} takes requests of ${who}.`;
      },
    },
    {
      name: 'list',
      async run() {
        const { bucket, prefix } = await open();
        const count = objects.length < COUNTED_MAX ? String(objects.length) : `${COUNTED_MAX} or more`;
        const below = prefix === '' ? '' : ` beginning with ${prefix}`;
        return denied ?? `The bucket ${bucket} has ${objects.length === 0 ? 'no' : count} objects${below}.`;
      },
    },
    { name: 'read', run: async () => (use === 'out' ? undefined : read(await open(), objects)) },
    { name: 'write', run: async () => (use === 'in' ? undefined : write(await open())) },
  ];
}

async function read(checked: CheckedBucket, objects: readonly StoredObject[]): Promise<string | Untried> {
  const { source, signal } = checked;
  const object = objects.find(({ sizeBytes }) => sizeBytes > 0);
  if (object === undefined) return { because: 'There is no object to read.' };
  const { key, sizeBytes: size, version } = object;
  const place = source.placeOf(key);
  return unlessDenied(checked, `${place} may not be read, as an input has to.`, async () => {
    for await (const _chunk of await source.get({ key, size, version }, { from: 0, to: 1 }, signal)) break;
    return `${place} can be read.`;
  });
}

/** Begins an upload, sends a part, and gives it up: nothing was ever visible. */
async function write(checked: CheckedBucket): Promise<string | Untried> {
  const { bucket, prefix, target, signal } = checked;
  return unlessDenied(checked, `Objects may not be written to ${bucket}, as an output has to.`, async () => {
    const upload = await target.createUpload(`${prefix}ropeway_check_${randomBytes(4).toString('hex')}`);
    try {
      await target.uploadPart(upload, { number: 1, bytes: new Uint8Array(1) }, signal);
    } finally {
      await target.abortUpload(upload);
    }
    return `Objects can be written to ${bucket}.`;
  });
}

/** A right that is missing is no fault of a connection: inputs need other rights than outputs. */
async function unlessDenied(
  { deniedCode }: CheckedBucket,
  because: string,
  run: () => Promise<string>,
): Promise<string | Untried> {
  try {
    return await run();
  } catch (error) {
    if (isRopewayError(error) && error.code === deniedCode) return { because };
    throw error;
  }
}
