/** Closes after a failure. A second failure must not hide the first one: it goes along as its cause. */
export async function closeAfter(error: unknown, close: () => Promise<void> | undefined): Promise<void> {
  try {
    await close();
  } catch (second) {
    if (error instanceof Error && error.cause === undefined) error.cause = second;
  }
}
