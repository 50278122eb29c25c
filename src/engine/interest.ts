// Who wants to hear of what, in all processes on one database: what nobody wants to hear of need not be told.

import type { Bus } from './ports.ts';

export interface Interest {
  /** This process wants to hear of a topic until the returned function is called; the others are told at once. */
  add(topic: string): () => void;
  /** Whether somebody wants to hear of it, here or elsewhere: one look into a set. */
  has(topic: string): boolean;
  /** Whether another process does. */
  hasElsewhere(topic: string): boolean;
  stop(): void;
}

/** How often interest is repeated: for processes that have just started, and since what is not repeated expires. */
const REPEAT_MS = 5_000;
/** Two repetitions may get lost. */
const EXPIRES_MS = 15_500;
/** A topic is an id at most: a hundred of them fit into one message of the bus. */
const TOPICS_PER_MESSAGE = 100;

/** @param repeatMs default 5000 */
export function createInterest(bus: Bus, { repeatMs = REPEAT_MS }: { repeatMs?: number } = {}): Interest {
  /** How many want it here. */
  const here = new Map<string, number>();
  /** When it expires, in steady milliseconds. */
  const elsewhere = new Map<string, number>();
  const wanted = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function announce(topics: readonly string[]): void {
    for (let start = 0; start < topics.length; start += TOPICS_PER_MESSAGE) {
      void bus.publish({ type: 'interest', topics: topics.slice(start, start + TOPICS_PER_MESSAGE) });
    }
  }

  function tick(): void {
    const now = performance.now();
    for (const [topic, expiresAt] of elsewhere) {
      if (expiresAt > now) continue;
      elsewhere.delete(topic);
      if (!here.has(topic)) wanted.delete(topic);
    }
    announce([...here.keys()]);
    if (here.size > 0 || elsewhere.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function keepTicking(): void {
    if (isStopped) return;
    timer ??= setInterval(tick, repeatMs).unref();
  }

  const unsubscribe = bus.subscribe((message) => {
    if (message.type === 'messages-missed') announce([...here.keys()]);
    if (message.type !== 'interest') return;
    const expiresAt = performance.now() + (EXPIRES_MS * repeatMs) / REPEAT_MS;
    for (const topic of message.topics) {
      elsewhere.set(topic, expiresAt);
      wanted.add(topic);
    }
    keepTicking();
  });

  return {
    add(topic) {
      const count = here.get(topic) ?? 0;
      here.set(topic, count + 1);
      wanted.add(topic);
      if (count === 0) announce([topic]);
      keepTicking();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (here.get(topic) ?? 1) - 1;
        if (left > 0) {
          here.set(topic, left);
          return;
        }
        here.delete(topic);
        if (!elsewhere.has(topic)) wanted.delete(topic);
      };
    },
    has: (topic) => wanted.has(topic),
    hasElsewhere: (topic) => elsewhere.has(topic),
    stop() {
      isStopped = true;
      unsubscribe();
      clearInterval(timer);
      timer = undefined;
    },
  };
}
