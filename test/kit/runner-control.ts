/** A control plane for one attempt, as far as its runner sees one: speaks the protocol, and fails as it is told. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import {
  claimRequest,
  commitRequest,
  credentialsRequest,
  finishRequest,
  heartbeatRequest,
  LOG_CHUNK_BYTES_MAX,
  logsQuery,
  quiescedRequest,
  runnerLogLine,
  valuesRequest,
} from '#api/runner.ts';
import type { FinishRequest, HeartbeatAnswer, RunnerLogLine, WorkOrder } from '#api/runner.ts';
import { until } from './until.ts';

export type RunnerCall = 'claim' | 'heartbeat' | 'values' | 'commit' | 'finish' | 'quiesced' | 'logs' | 'credentials';

/** What becomes of a call: `lost` is done and not answered, `dropped` is not done either. */
export type CallFault = 'lost' | 'dropped' | { readonly status: number; readonly code?: string };

export interface RunnerControl extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly { readonly call: RunnerCall; readonly body: unknown; readonly token: string | undefined }[];
  /** Every byte that was sent here, for canaries. */
  readonly received: () => string;
  readonly lines: readonly RunnerLogLine[];
  /** Asked for each call, with how many of its kind there were before. */
  fault: (call: RunnerCall, before: number) => CallFault | undefined;
  stop(stop: HeartbeatAnswer['stop']): void;
  finished(): Promise<FinishRequest>;
  count(call: RunnerCall): number;
  heard(call: RunnerCall): Promise<void>;
}

export interface RunnerControlOptions {
  readonly work: Partial<WorkOrder>;
  readonly leaseS?: number;
  readonly heartbeatS?: number;
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const executionId = 'execution-1';
export const sessionToken = 'canary-session-token';

const work: WorkOrder = {
  kind: 'probe',
  config: {},
  connections: {},
  variables: {},
  arguments: {},
  transaction_time: '2026-01-02T03:04:05.000Z',
  run_timeout_s: 300,
  memory_mb: 512,
  cpu_millis: 1000,
  commit_mode: 'permit',
  workspace_id: 'w',
};

type Answer = readonly [number, object];

class Control {
  readonly #options: RunnerControlOptions;
  readonly calls: { call: RunnerCall; body: unknown; token: string | undefined }[] = [];
  readonly lines: RunnerLogLine[] = [];
  fault: RunnerControl['fault'] = () => undefined;
  readonly #bytes: Buffer[] = [];
  readonly #chunks = new Set<number>();
  readonly #held = new Set<() => void>();
  #stop: HeartbeatAnswer['stop'] = 'none';
  #nonce: string | undefined;
  #finish: FinishRequest | undefined;

  constructor(options: RunnerControlOptions) {
    this.#options = options;
  }

  readonly received = (): string => Buffer.concat(this.#bytes).toString('latin1');

  stop(word: HeartbeatAnswer['stop']): void {
    this.#stop = word;
    this.release();
  }

  release(): void {
    for (const release of this.#held) release();
  }

  finished(): Promise<FinishRequest> {
    return until('the run has finished', async () => this.#finish, 60_000);
  }

  count(call: RunnerCall): number {
    return this.calls.filter((each) => each.call === call).length;
  }

  async heard(call: RunnerCall): Promise<void> {
    await until(`there is a ${call}`, async () => (this.count(call) > 0 ? true : undefined));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://control');
    // Any other path has no answer below.
    const call = url.pathname.replace('/runner/v1/', '') as RunnerCall;
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const raw = Buffer.concat(parts);
    this.#bytes.push(call === 'logs' ? gunzipSync(raw) : raw);
    const before = this.count(call);
    const body: unknown = call === 'logs' ? raw : JSON.parse(raw.toString('utf8'));
    this.calls.push({ call, body, token: request.headers.authorization });
    const fault = this.fault(call, before);
    if (fault === 'dropped') return void request.socket.destroy();
    const [status, answer] =
      typeof fault === 'object'
        ? problem(fault.status, fault.code ?? 'fault')
        : await this.#answer(call, body, url.searchParams);
    if (fault === 'lost') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(answer));
  }

  #answer(call: RunnerCall, body: unknown, query: URLSearchParams): Answer | Promise<Answer> {
    const { leaseS = 900, secrets } = this.#options;
    switch (call) {
      case 'claim':
        return this.#claim(body);
      case 'heartbeat':
        return this.#heartbeat(body);
      case 'values':
        valuesRequest.parse(body);
        return [200, {}];
      case 'commit':
        commitRequest.parse(body);
        return this.#stop === 'none' ? [200, { lease_s: leaseS }] : problem(409, 'stop_requested');
      case 'finish':
        this.#finish = finishRequest.parse(body);
        return [200, {}];
      case 'quiesced':
        quiescedRequest.parse(body);
        return [200, {}];
      case 'logs':
        // As it was read above.
        return this.#logs(body as Buffer, query);
      case 'credentials':
        return [200, { options: secrets?.[credentialsRequest.parse(body).handle] ?? {} }];
    }
  }

  #claim(body: unknown): Answer {
    const { leaseS = 900, heartbeatS = 1 } = this.#options;
    const { claim_nonce: asked } = claimRequest.parse(body);
    this.#nonce ??= asked;
    if (this.#nonce !== asked) return problem(409, 'already_claimed');
    const order = { ...work, ...this.#options.work };
    const claim = { execution_id: executionId, session_token: sessionToken, lease_s: leaseS, heartbeat_s: heartbeatS };
    return [200, { ...claim, work: order }];
  }

  async #heartbeat(body: unknown): Promise<Answer> {
    const { hold_s: holdS } = heartbeatRequest.parse(body);
    if (this.#stop === 'none') {
      await new Promise<void>((resolve) => {
        const release = (): void => {
          clearTimeout(timer);
          this.#held.delete(release);
          resolve();
        };
        const timer = setTimeout(release, holdS * 1000);
        this.#held.add(release);
      });
    }
    return [200, { lease_s: this.#options.leaseS ?? 900, stop: this.#stop }];
  }

  #logs(packed: Buffer, query: URLSearchParams): Answer {
    const { seq, line_count: lineCount } = logsQuery.parse(Object.fromEntries(query));
    if (packed.length > LOG_CHUNK_BYTES_MAX) return problem(413, 'too_large');
    const texts = gunzipSync(packed).toString('utf8').split('\n').slice(0, -1);
    if (texts.length !== lineCount) return problem(400, 'line_count');
    if (!this.#chunks.has(seq)) this.lines.push(...texts.map((text) => runnerLogLine.parse(JSON.parse(text))));
    this.#chunks.add(seq);
    return [200, {}];
  }
}

export async function runnerControl(options: RunnerControlOptions): Promise<RunnerControl> {
  const control = new Control(options);
  const server = createServer((request, response) => {
    control.handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on a port.
  const { port } = server.address() as AddressInfo;
  return Object.assign(control, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      control.release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function problem(status: number, code: string): Answer {
  return [status, { status, code }];
}
