/** What a script may cost, beyond the options of the filter. */

/** Characters of a script. */
export const CODE_LENGTH_MAX = 1_000_000;
/** Characters that a script may give for one batch, which has a quarter of a million bytes as a rule. */
export const ANSWER_LENGTH_MAX = 64 * 1024 * 1024;
/** Bytes of one frame between the two processes: such an answer, all of its characters of three bytes. */
export const FRAME_BYTES_MAX = 3 * ANSWER_LENGTH_MAX;
/** Records that a script may give for one batch. */
export const ROWS_MAX = 1_000_000;
/** Lines of the console that are logged of one batch, and of one stream; and characters of each. */
export const LOG_LINES_BATCH_MAX = 20;
export const LOG_LINES_MAX = 100;
export const LOG_LINE_LENGTH_MAX = 500;
/** How long a process may take to start, and to say that its time is over, beyond what the script may take. */
export const GRACE_MS = 5000;
/** Bytes of what a process says in its last moments. */
export const LAST_WORDS_MAX = 64 * 1024;
