// Headers that keep browsers from doing more with our answers than we mean.

/** On JSON answers: the id of the newest event that the answer knows of. Also known to the SDK (src/sdk/http.ts). */
export const eventIdHeader = 'peerhood-event-id'

/** Goes with every answer. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Other origins may not even embed our answers (Spectre, detection of the page by its assets).
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** JSON, events, metrics: nothing to render, nothing to keep. */
export const apiHeaders: Readonly<Record<string, string>> = {
  ...commonHeaders,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
}

/** The page: its own scripts, styles and pictures, and no request to anybody else. */
export const pageHeaders: Readonly<Record<string, string>> = {
  ...commonHeaders,
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

/**
 * A stranger's file under our own origin. Three locks, each enough on its own, keep it from calling the API with the
 * page's cookie: (1) media.ts never gives it a type that a browser runs (HTML, SVG and XML are plain text), and `nosniff`
 * keeps the browser from guessing one; (2) `sandbox` without `allow-scripts` runs no script in whatever it is taken for;
 * (3) `default-src 'none'` lets it load and connect to nothing. `allow-same-origin` adds no right to a document without
 * scripts; without it a video opened in its own tab could not fetch its next range, because the cookie would stay away.
 */
export const contentHeaders: Readonly<Record<string, string>> = {
  ...commonHeaders,
  'cache-control': 'no-store',
  'content-security-policy':
    "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
  'x-frame-options': 'SAMEORIGIN',
}

/**
 * The same for PDF. Browsers show it in a viewer of their own, in a process and origin of its own, and refuse to start
 * that viewer in a sandboxed document; locks 1 and 3 stay.
 */
export const pdfHeaders: Readonly<Record<string, string>> = {
  ...contentHeaders,
  'content-security-policy': "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}
