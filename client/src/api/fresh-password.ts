// What asks for the password when the server wants it anew before it does something.

/** @returns whether the password was confirmed; false when the person has given up */
type Ask = () => Promise<boolean>;

let ask: Ask | undefined;
let asking: Promise<boolean> | undefined;

/** Names who asks. @returns takes it back */
export function onPasswordNeeded(next: Ask): () => void {
  ask = next;
  return () => {
    if (ask === next) ask = undefined;
  };
}

/** Asks once for all requests that need it at the moment. */
export function confirmPassword(): Promise<boolean> {
  asking ??= (ask?.() ?? Promise.resolve(false)).finally(() => {
    asking = undefined;
  });
  return asking;
}
