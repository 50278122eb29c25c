// Nodes that many workflows of these tests are made of.

/** Keeps a value; its own key unless another is given. */
export const value = (key: string, of: unknown = key) => ({ key, type: 'variable', config: { value: of } });

export const delay = (key: string, milliseconds: number) => ({
  key,
  type: 'delay',
  config: { duration: milliseconds, unit: 'milliseconds' },
});

/** Waits for a callback, for ever. */
export const hold = (key: string) => ({ key, type: 'wait', config: { onTimeout: 'continue' } });

/** Fails with `script_failed`. */
export const throwing = (key: string, more: object = {}) => ({
  key,
  type: 'javascript',
  config: { code: 'throw new Error("broken")', timeoutMs: 60_000 },
  ...more,
});

/** Calls a URL. */
export const get = (key: string, url: string, more: object = {}) => ({ key, type: 'http-request', config: { url }, ...more });
