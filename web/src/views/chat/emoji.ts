// The emoji that the picker offers: a few dozen that people use, each with the name that is read out.

export interface Emoji {
  readonly emoji: string
  readonly name: string
}

/** The first of them, which stand beside a message right away. */
export const quickEmoji: readonly Emoji[] = [
  { emoji: '👍', name: 'thumbs up' },
  { emoji: '❤️', name: 'heart' },
  { emoji: '😂', name: 'tears of joy' },
  { emoji: '🎉', name: 'party' },
]

export const emojiChoices: readonly Emoji[] = [
  ...quickEmoji,
  { emoji: '👎', name: 'thumbs down' },
  { emoji: '👏', name: 'applause' },
  { emoji: '🙏', name: 'thank you' },
  { emoji: '💪', name: 'strong' },
  { emoji: '👀', name: 'looking' },
  { emoji: '👋', name: 'wave' },
  { emoji: '🤝', name: 'handshake' },
  { emoji: '✌️', name: 'victory' },
  { emoji: '🤞', name: 'fingers crossed' },
  { emoji: '👌', name: 'all right' },
  { emoji: '🙌', name: 'hooray' },
  { emoji: '🤷', name: 'shrug' },
  { emoji: '😀', name: 'grinning' },
  { emoji: '😊', name: 'smiling' },
  { emoji: '😉', name: 'winking' },
  { emoji: '😍', name: 'in love' },
  { emoji: '🥰', name: 'loved' },
  { emoji: '😎', name: 'cool' },
  { emoji: '🤔', name: 'thinking' },
  { emoji: '😅', name: 'relieved' },
  { emoji: '😮', name: 'surprised' },
  { emoji: '😢', name: 'sad' },
  { emoji: '😭', name: 'crying' },
  { emoji: '😡', name: 'angry' },
  { emoji: '🤯', name: 'mind blown' },
  { emoji: '😴', name: 'sleeping' },
  { emoji: '🥳', name: 'celebrating' },
  { emoji: '🤗', name: 'hug' },
  { emoji: '✅', name: 'done' },
  { emoji: '❌', name: 'no' },
  { emoji: '❓', name: 'question' },
  { emoji: '❗', name: 'important' },
  { emoji: '💯', name: 'hundred' },
  { emoji: '🔥', name: 'fire' },
  { emoji: '✨', name: 'sparkles' },
  { emoji: '⭐', name: 'star' },
  { emoji: '💡', name: 'idea' },
  { emoji: '🚀', name: 'rocket' },
  { emoji: '☕', name: 'coffee' },
  { emoji: '🍰', name: 'cake' },
  { emoji: '🌱', name: 'seedling' },
  { emoji: '🌞', name: 'sun' },
  { emoji: '🌧️', name: 'rain' },
  { emoji: '🐈', name: 'cat' },
]

/** What a screen reader is told of an emoji that stands as a reaction. */
export function emojiName(emoji: string): string {
  return emojiChoices.find((one) => one.emoji === emoji)?.name ?? emoji
}
