// A few dozen emoji to choose from, by mouse or arrow keys.

import { Popover } from '../../ui/popover.tsx'
import { emojiChoices } from './emoji.ts'

interface EmojiPickerProps {
  readonly anchor: HTMLElement
  readonly onPick: (emoji: string) => void
  readonly onClose: () => void
}

export function EmojiPicker({ anchor, onPick, onClose }: EmojiPickerProps) {
  return (
    <Popover anchor={anchor} label="Emoji" role="dialog" onClose={onClose}>
      <div className="emoji-grid">
        {emojiChoices.map(({ emoji, name }) => (
          <button key={emoji} type="button" aria-label={name} title={name} onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
    </Popover>
  )
}
