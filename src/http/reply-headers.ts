// The headers that every answer of a trigger or resume URL carries, behind those of the flow, so that none can be overridden.

/** Lower-case names, as replies of flows have them. */
export type ReplyHeaders = Readonly<Record<string, string>>;

const FIXED = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  // The path holds the key of the trigger URL.
  'referrer-policy': 'no-referrer',
};

/** Without `allow-same-origin`: the document has an origin of its own, which no cookie and no storage belongs to. */
const SANDBOX = 'sandbox allow-downloads allow-forms allow-popups allow-popups-to-escape-sandbox';
/** A page may look like one; it runs nothing, and no other page shows it in a frame. */
const LOOKS = "default-src 'none'; style-src * 'unsafe-inline'; img-src * data:; font-src * data:; media-src *";
const NO_FRAME = "frame-ancestors 'none'";

/** On an origin that has the designer, too: whatever its type, a reply is shown as a document of an origin of its own. */
export const SANDBOXED_REPLY: ReplyHeaders = Object.freeze({
  ...FIXED,
  'content-security-policy': `${SANDBOX}; ${LOOKS}; ${NO_FRAME}`,
});

/**
 * On another port of the designer's host: replies may be pages with scripts. Cookies ignore ports, so a script of that origin
 * could put a session's cookie into the browser (session fixation); in an origin of its own it has no cookies.
 */
const SCRIPTED_REPLY: ReplyHeaders = Object.freeze({
  ...FIXED,
  'content-security-policy': `${SANDBOX} allow-modals allow-scripts; ${NO_FRAME}`,
});

/** On a host of its own: any page. */
const PAGE_REPLY: ReplyHeaders = Object.freeze({ ...FIXED, 'content-security-policy': NO_FRAME });

/** The headers of replies on the origin that trigger and resume URLs have to themselves. */
export function repliesOfOwnOrigin(publicUrl: URL, hooksUrl: URL): ReplyHeaders {
  return publicUrl.hostname === hooksUrl.hostname ? SCRIPTED_REPLY : PAGE_REPLY;
}
