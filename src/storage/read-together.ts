// Reads that are asked for at the same moment, in one statement: executions and endpoints wake by the hundred.

/** Ids in one read, so that large executions do not meet in memory. */
const MAX_IDS = 64;

/**
 * Makes a reader of single items from one of many. What is asked for while a read is under way goes into the next one.
 * @throws what `readMany` throws, to everybody whose id was in that read
 */
export function readTogether<Item>(
  readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Item>>,
): (id: string) => Promise<Item | undefined> {
  return answerTogether<string, Item | undefined>(
    (_, ids) => ids.length < MAX_IDS,
    async (ids) => {
      const items = await readMany(ids);
      return ids.map((id) => items.get(id));
    },
  );
}

/**
 * The same for questions of any kind.
 * @param belongs whether a question can be answered together with others, the first of which has waited longest; what does not
 *   belong to them goes into a later read
 * @param answerMany gives the answers in the order of the questions
 */
export function answerTogether<Question, Answer>(
  belongs: (question: Question, others: readonly Question[]) => boolean,
  answerMany: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): (question: Question) => Promise<Answer> {
  interface Asked {
    readonly question: Question;
    answered(answers: readonly Answer[], index: number): void;
    failed(error: unknown): void;
  }
  let waiting: Asked[] = [];
  let isReading = false;

  function takeBatch(): Asked[] {
    const batch: Asked[] = [];
    const questions: Question[] = [];
    const rest: Asked[] = [];
    for (const asked of waiting) {
      if (batch.length === 0 || belongs(asked.question, questions)) {
        batch.push(asked);
        questions.push(asked.question);
      } else {
        rest.push(asked);
      }
    }
    waiting = rest;
    return batch;
  }

  async function answerAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        const answers = await answerMany(batch.map(({ question }) => question));
        for (const [index, { answered }] of batch.entries()) answered(answers, index);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    isReading = false;
  }

  return (question) =>
    new Promise((resolve, reject) => {
      // The answer may be undefined: that it is there is what `answerMany` promises.
      waiting.push({ question, answered: (answers, index) => resolve(answers[index] as Answer), failed: reject });
      if (isReading) return;
      isReading = true;
      // Whoever learns at this moment that his claim is good comes along.
      setImmediate(answerAll);
    });
}
