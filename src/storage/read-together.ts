// Reads that are asked for at the same moment, in one statement: executions wake by the hundred.

/** Ids in one read, so that large executions do not meet in memory. */
const MAX_IDS = 64;

/**
 * Makes a reader of single items from one of many. What is asked for while a read is under way goes into the next one.
 * @throws what `readMany` throws, to everybody whose id was in that read
 */
export function readTogether<Item>(
  readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Item>>,
): (id: string) => Promise<Item | undefined> {
  const waiting: { id: string; resolve(item: Item | undefined): void; reject(error: unknown): void }[] = [];
  let isReading = false;

  async function readAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_IDS);
      try {
        const items = await readMany(batch.map(({ id }) => id));
        for (const { id, resolve } of batch) resolve(items.get(id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isReading = false;
  }

  return (id) =>
    new Promise((resolve, reject) => {
      waiting.push({ id, resolve, reject });
      if (isReading) return;
      isReading = true;
      // Whoever learns at this moment that his claim is good comes along.
      setImmediate(readAll);
    });
}
