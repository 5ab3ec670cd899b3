// Codes of the API's own refusals. Those of the daemon's features pass through with their own codes. The HTTP status
// follows from the kind, except where problems.ts says better.

import { defineErrors } from '../base/errors.ts'

export const apiErrors = defineErrors({
  unauthenticated: {
    kind: 'refused',
    hint: 'Send `Authorization: Bearer <token>`, or open the address that `peerhood start` prints. `peerhood open` does it for you.',
  },
  person_needed: {
    kind: 'refused',
    hint: 'Do it in the page as `peerhood open` opens it, or on the command line; or set a passphrase with `peerhood identity lock` and give it.',
  },
  host_refused: { kind: 'refused', hint: 'Use the address that `peerhood start` prints, with 127.0.0.1 or localhost.' },
  origin_refused: { kind: 'refused', hint: 'Only the daemon’s own page and local programs may call this address.' },
  request_malformed: { kind: 'usage', hint: 'See `details.fields`, and the shapes in /api/openapi.json.' },
  path_malformed: { kind: 'usage', hint: 'Give names joined with "/", each percent-encoded; none may be "." or "..".' },
  body_too_large: { kind: 'usage', hint: 'Send less; see docs/limits.md.' },
  body_not_json: { kind: 'usage', hint: 'Send JSON with `Content-Type: application/json`.' },
  body_timeout: { kind: 'usage', hint: 'Send the whole body without a pause.' },
  route_unknown: { kind: 'not-found', hint: 'See the routes in /api/openapi.json.' },
  method_not_allowed: { kind: 'usage', hint: 'See the `Allow` header and /api/openapi.json.' },
  range_unsatisfiable: { kind: 'usage', hint: 'Ask for a range inside the file; `Content-Range` says its size.' },
  too_many_events_clients: { kind: 'refused', hint: 'Close other pages of this peer, then try again.' },
  too_many_streams: { kind: 'refused', hint: 'Close other players and downloads of this peer, then try again.' },
  caller_gone: { kind: 'interrupted', hint: 'Nothing: the program that asked has ended the connection.' },
  answer_timeout: { kind: 'interrupted', hint: 'Try again; `peerhood doctor` may tell what is slow.' },
  stopping: { kind: 'interrupted', hint: 'The daemon is stopping: start it again.' },
  port_taken: { kind: 'conflict', hint: 'Choose another one with `--port`, or 0 for any free one.' },
  port_refused: { kind: 'local', hint: 'Choose another one with `--port`; ports below 1024 need rights of their own.' },
  page_not_built: { kind: 'not-found', hint: 'Run `npm run build` in the checkout, then reload.' },
  page_file_unknown: { kind: 'not-found', hint: 'Reload the page.' },
})
