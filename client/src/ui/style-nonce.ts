// The page's nonce for style elements that are made at run time; the content security policy lets no others in.

export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}
