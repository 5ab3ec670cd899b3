// What the API needs of copies, in the API's own words; `node/` implements it, as in services.ts.

import type { Agreement, AgreementRequest, Copies, ShareCopies } from './copies-schemas.ts'

export interface CopiesServices {
  all(): Copies
  set(share: string, copies: number): ShareCopies
  agree(request: AgreementRequest): Agreement
  end(person: string): Promise<void>
}
