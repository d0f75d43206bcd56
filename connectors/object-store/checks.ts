/** What is tried in a bucket before a job relies on it: as far as inputs and outputs go, and nothing stays. */
import { randomBytes } from 'node:crypto';
import { isRopewayError } from '#spi/errors.ts';
import type { CheckStep, ConnectionUse, Untried } from '#spi/connections.ts';
import { readInto } from './object-reader.ts';
import type { ObjectSource, ObjectTarget, StoredObject } from './store.ts';

export interface CheckedBucket {
  readonly bucket: string;
  /** How the keys begin that are looked at and written. */
  readonly prefix: string;
  readonly source: ObjectSource;
  readonly target: Pick<ObjectTarget, 'createUpload' | 'uploadPart' | 'abortUpload'>;
  /** The first page of its objects. */
  firstObjects(): Promise<readonly StoredObject[]>;
  /** Of objects that cannot be read before they are brought back. */
  isArchived?(key: string): boolean;
  /** The code of an error that says that a right is missing. */
  readonly deniedCode: string;
  readonly signal: AbortSignal;
}

/** A page has no more. */
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
        const below = prefix === '' ? '' : ` beginning with ${prefix}`;
        return denied ?? `The bucket ${bucket} has ${counted(objects.length)}${below}.`;
      },
    },
    { name: 'read', run: async () => (use === 'out' ? undefined : read(await open(), objects)) },
    { name: 'write', run: async () => (use === 'in' ? undefined : write(await open())) },
  ];
}

function counted(count: number): string {
  if (count === 1) return '1 object';
  return `${count === 0 ? 'no' : count < COUNTED_MAX ? count : `${COUNTED_MAX} or more`} objects`;
}

async function read(checked: CheckedBucket, objects: readonly StoredObject[]): Promise<string | Untried> {
  const { source, signal } = checked;
  const object = objects.find(({ key, sizeBytes }) => sizeBytes > 0 && checked.isArchived?.(key) !== true);
  if (object === undefined) return { because: 'There is no object to read.' };
  const { key, sizeBytes: size, version } = object;
  const place = source.placeOf(key);
  return unlessDenied(checked, `${place} may not be read, as an input has to.`, async () => {
    await readInto(source, { key, size, version }, { from: 0, target: new Uint8Array(1) }, signal);
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
