// Pure: a message as a sentence of its own.

/** Problems are written to follow a field's name: "must not be empty". */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…)]$/.test(text) ? text : `${text}.`;
}
