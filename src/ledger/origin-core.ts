// Origins of web pages (RFC 6454 §6.1): scheme, host, port, and nothing else; and those of browser extensions, which wallets are.
// Pure.

/** Extensions send their own origin; URL gives none for schemes that it does not know. */
const extensionPattern = /^(chrome|moz|safari-web)-extension:\/\/[a-zA-Z0-9-]{1,64}$/

export function isOrigin(text: string): boolean {
  if (text.length > 256) return false
  if (extensionPattern.test(text)) return true
  try {
    const { protocol, origin } = new URL(text)
    return (protocol === 'https:' || protocol === 'http:') && origin === text
  } catch {
    return false
  }
}
