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

interface MarksPagerProps<Mark> {
  readonly what: string
  /** The marks of pages gone through, newest first page: none. */
  readonly marks: readonly Mark[]
  /** Where the next, older page begins; null or undefined where there is none. */
  readonly before: Mark | null | undefined
  readonly onMarks: (marks: readonly Mark[]) => void
}

/** For lists that grow at their beginning, so that pages have marks and no numbers. */
export function MarksPager<Mark>({ what, marks, before, onMarks }: MarksPagerProps<Mark>) {
  const isLast = before === null || before === undefined
  if (marks.length === 0 && isLast) return null
  return (
    <nav className="pager" aria-label={`Pages of ${what}`}>
      <Button disabled={marks.length === 0} onClick={() => onMarks(marks.slice(0, -1))}>
        Newer
      </Button>
      <Button disabled={isLast} onClick={() => !isLast && onMarks([...marks, before])}>
        Older
      </Button>
    </nav>
  )
}
