/** What became of one try to send something. */

export interface SendOutcome {
  /** `retry`: another try may do. `failed`: it will not. */
  readonly outcome: 'sent' | 'retry' | 'failed';
  readonly status: number | null;
  /** Beginning of the answer, or what went wrong; without secrets. */
  readonly answer: string;
  /** What the receiver asks for. */
  readonly retryAfterS?: number;
  /** Nobody was asked: it says nothing about the destination. */
  readonly isUnsent?: boolean;
}

export const ANSWER_LENGTH_MAX = 500;
/** Shorter ones are parts of too much else. */
const SECRET_LENGTH_MIN = 4;

/** One line of text, short, without what must not be shown. */
export function shownAnswer(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length >= SECRET_LENGTH_MIN) shown = shown.replaceAll(secret, '***');
  shown = shown.replace(/[\u0000-\u001f\u007f\ufffd]+/g, ' ').trim();
  return shown.length <= ANSWER_LENGTH_MAX ? shown : `${shown.slice(0, ANSWER_LENGTH_MAX - 1)}…`;
}
