// Long lists page by page: what is on the page stays small, however many files a share has.

import { Button } from './button.tsx'
import { pageRows } from './core.ts'

interface PagerProps {
  readonly what: string
  readonly total: number
  readonly perPage: number
  readonly page: number
  readonly onPage: (page: number) => void
}

export function Pager({ what, total, perPage, page, onPage }: PagerProps) {
  if (total <= perPage) return null
  const { from, to } = pageRows(total, perPage, page)
  return (
    <nav className="pager" aria-label={`Pages of ${what}`}>
      <Button disabled={from === 0} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <span className="figures">
        {(from + 1).toLocaleString('en')}–{to.toLocaleString('en')} of {total.toLocaleString('en')} {what}
      </span>
      <Button disabled={to >= total} onClick={() => onPage(page + 1)}>
        Next
      </Button>
    </nav>
  )
}
