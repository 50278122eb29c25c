// Tells the two kinds of database URL apart; apart from what loads their drivers, which a start need not wait for.

/** Whether a database URL names PostgreSQL. */
export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/i.test(url);
}
