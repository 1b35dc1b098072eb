/** What a test opens for itself. */
interface UnderTest {
  /** Leaves nothing of it behind. */
  dispose(): Promise<void>;
}

/** Opens what is tested, and disposes of it whatever comes. */
export async function using<U extends UnderTest>(
  open: () => Promise<U>,
  body: (under: U) => Promise<void>,
): Promise<void> {
  const under = await open();
  try {
    await body(under);
  } finally {
    await under.dispose();
  }
}
