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
} from '#api/runner.ts';
import type { FinishRequest, HeartbeatAnswer, RunnerLogLine, WorkOrder } from '#api/runner.ts';
import { until } from './until.ts';

export type RunnerCall = 'claim' | 'heartbeat' | 'commit' | 'finish' | 'quiesced' | 'logs' | 'credentials';

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

/** What the attempt's side of the database would hold. */
interface State {
  readonly lines: RunnerLogLine[];
  readonly chunks: Set<number>;
  /** Answers that wait for a stop. */
  readonly held: Set<() => void>;
  stop: HeartbeatAnswer['stop'];
  nonce: string | undefined;
  finish: FinishRequest | undefined;
}

type Answer = [number, object];
type Answers = Record<RunnerCall, (body: unknown, query: URLSearchParams) => Promise<Answer> | Answer>;

export async function runnerControl(options: RunnerControlOptions): Promise<RunnerControl> {
  const state: State = {
    lines: [],
    chunks: new Set(),
    held: new Set(),
    stop: 'none',
    nonce: undefined,
    finish: undefined,
  };
  const calls: { call: RunnerCall; body: unknown; token: string | undefined }[] = [];
  const bytes: Buffer[] = [];
  const control: Omit<RunnerControl, 'url' | typeof Symbol.asyncDispose> = {
    calls,
    lines: state.lines,
    received: () => Buffer.concat(bytes).toString('latin1'),
    fault: () => undefined,
    stop(word) {
      state.stop = word;
      for (const release of state.held) release();
    },
    finished: () => until('the run has finished', async () => state.finish, 60_000),
    count: (call) => calls.filter((each) => each.call === call).length,
    heard: (call) =>
      until(`there is a ${call}`, async () => (control.count(call) > 0 ? true : undefined)).then(() => {}),
  };
  const answers: Answers = { ...claimAnswers(state, options), ...workAnswers(state, options) };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://control');
    // Any other path has no answer below.
    const call = url.pathname.replace('/runner/v1/', '') as RunnerCall;
    const raw = await bodyOf(request);
    bytes.push(call === 'logs' ? gunzipSync(raw) : raw);
    const body: unknown = call === 'logs' ? raw : JSON.parse(raw.toString('utf8'));
    const before = control.count(call);
    calls.push({ call, body, token: request.headers.authorization });
    const fault = control.fault(call, before);
    if (fault === 'dropped') return void request.socket.destroy();
    const [status, answer] =
      typeof fault === 'object'
        ? problem(fault.status, fault.code ?? 'fault')
        : await answers[call](body, url.searchParams);
    if (fault === 'lost') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on a port.
  const { port } = server.address() as AddressInfo;
  return Object.assign(control, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const release of state.held) release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** How an attempt is taken and kept. */
function claimAnswers(
  state: State,
  { leaseS = 900, heartbeatS = 1, ...options }: RunnerControlOptions,
): Pick<Answers, 'claim' | 'heartbeat' | 'commit'> {
  return {
    claim(body) {
      const { claim_nonce: asked } = claimRequest.parse(body);
      state.nonce ??= asked;
      if (state.nonce !== asked) return problem(409, 'already_claimed');
      return [
        200,
        {
          execution_id: executionId,
          session_token: sessionToken,
          lease_s: leaseS,
          heartbeat_s: heartbeatS,
          work: { ...work, ...options.work },
        },
      ];
    },
    async heartbeat(body) {
      const { hold_s: holdS } = heartbeatRequest.parse(body);
      if (state.stop === 'none') {
        await new Promise<void>((resolve) => {
          const release = (): void => {
            clearTimeout(timer);
            state.held.delete(release);
            resolve();
          };
          const timer = setTimeout(release, holdS * 1000);
          state.held.add(release);
        });
      }
      return [200, { lease_s: leaseS, stop: state.stop }];
    },
    commit(body) {
      commitRequest.parse(body);
      return state.stop === 'none' ? [200, { lease_s: leaseS }] : problem(409, 'stop_requested');
    },
  };
}

/** What it says of its work, and the secrets that it asks for. */
function workAnswers(
  state: State,
  { secrets }: RunnerControlOptions,
): Pick<Answers, 'finish' | 'quiesced' | 'logs' | 'credentials'> {
  return {
    finish(body) {
      state.finish = finishRequest.parse(body);
      return [200, {}];
    },
    quiesced(body) {
      quiescedRequest.parse(body);
      return [200, {}];
    },
    logs(body, query) {
      const { seq, line_count: lineCount } = logsQuery.parse(Object.fromEntries(query));
      const packed = body as Buffer;
      if (packed.length > LOG_CHUNK_BYTES_MAX) return problem(413, 'too_large');
      const texts = gunzipSync(packed).toString('utf8').split('\n').slice(0, -1);
      if (texts.length !== lineCount) return problem(400, 'line_count');
      if (!state.chunks.has(seq)) state.lines.push(...texts.map((text) => runnerLogLine.parse(JSON.parse(text))));
      state.chunks.add(seq);
      return [200, {}];
    },
    credentials(body) {
      const { handle } = credentialsRequest.parse(body);
      return [200, { options: secrets?.[handle] ?? {} }];
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

function problem(status: number, code: string): Answer {
  return [status, { status, code }];
}
