// Refusals of the gateway, with the HTTP status of each (statusOf in answers.ts).

import { defineErrors } from '../../base/errors.ts'

export const gatewayErrors = defineErrors({
  gateway_not_here: { kind: 'not-found', hint: 'Ask for /ipfs/CID, or open / for what this peer shares.' },
  gateway_request_wrong: { kind: 'usage', hint: 'See specs.ipfs.tech/http-gateways for what may be asked.' },
  gateway_format_unknown: { kind: 'usage', hint: 'Ask for `format=raw` or `format=car`, or for no format.' },
  gateway_method_unknown: { kind: 'usage', hint: 'Ask with GET or HEAD.' },
  gateway_host_refused: { kind: 'refused', hint: 'Use 127.0.0.1 or localhost, with the port.' },
  gateway_source_refused: { kind: 'refused', hint: 'Open the address itself: other pages may not read from it.' },
  gateway_busy: { kind: 'conflict', hint: 'Try again in a moment.' },
  gateway_not_cached: { kind: 'not-found', hint: 'Ask without `only-if-cached`, to get it from others.' },
  gateway_late: { kind: 'not-found', hint: 'Try again: those who have it may be slow.' },
  gateway_range_outside: { kind: 'usage', hint: 'Ask for a range inside the file; `Content-Range` says its size.' },
})
