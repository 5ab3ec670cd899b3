// The last resort: a defect in one view must not take the page away.

import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Note } from '../ui/parts.tsx'

interface State {
  readonly message: string | undefined
}

/** Give it a `key` that changes with the view, so that going elsewhere recovers. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { message: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { message: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    if (this.state.message === undefined) return this.props.children
    return (
      <Note
        tone="bad"
        title="This view broke"
        actions={<Button onClick={() => this.setState({ message: undefined })}>Try again</Button>}
      >
        <p>
          That is a defect in Peerhood, not in your files: they and your transfers are not touched. Please report it:
        </p>
        <p className="mono">{this.state.message}</p>
      </Note>
    )
  }
}
