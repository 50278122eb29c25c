// The spans of time that the overview can show.

export const SPANS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_592_000_000 } as const;
export type Span = keyof typeof SPANS;

/** From and to as ISO 8601; the end is the next whole minute, so that the same question is asked for a while. */
export function spanAt(span: Span, now: number): { readonly from: string; readonly to: string } {
  const minute = 60_000;
  const to = Math.ceil((now + 1) / minute) * minute;
  return { from: new Date(to - SPANS[span]).toISOString(), to: new Date(to).toISOString() };
}
