/** An S3 on this machine for tests, in a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { motoServer } from './moto.ts';

export interface PutSettings {
  readonly StorageClass?: 'GLACIER';
  readonly ACL?: 'public-read';
}

export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  createBucket(name: string): Promise<void>;
  put(bucket: string, key: string, body: string | Uint8Array, settings?: PutSettings): Promise<void>;
  get(bucket: string, key: string): Promise<Buffer>;
  keys(bucket: string): Promise<string[]>;
  /** Begins an upload, with a part or without, and leaves it there. */
  begin(bucket: string, key: string, part?: string): Promise<void>;
  /** Keys of uploads that are neither completed nor given up. */
  uploads(bucket: string): Promise<string[]>;
}

/** Starts it; `env` sets its own variables. */
export async function startS3(env: Readonly<Record<string, string>> = {}): Promise<S3Server> {
  const command = motoServer();
  if (command === undefined) throw new Error('moto is not installed: npm test does that.');
  const child = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const port = await portOf(child);
  const url = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    url,
    port,
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
    async put(bucket, key, body, settings = {}) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: Buffer.byteLength(body),
          ...settings,
        }),
      );
    },
    async get(bucket, key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async keys(bucket) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async begin(bucket, key, part) {
      const place = { Bucket: bucket, Key: key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
      if (part !== undefined) {
        await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: part }));
      }
    },
    async uploads(bucket) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      const exited = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The port that it chose, which it says when it is ready. The stream is read on, so that the process never waits. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    let said = '';
    child.on('error', fail);
    child.on('exit', (code) => fail(new Error(`moto ended with exit code ${String(code)}: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (said.length > 10_000) return;
      said += chunk.toString();
      const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) done(Number(port));
    });
  });
}
