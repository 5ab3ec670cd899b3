// The recovery phrase: asks before it shows it, hides it again by itself, and keeps it nowhere.

import { useEffect, useState } from 'react'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { phraseWords } from './core.ts'

/** Long enough to write 24 words down, short enough for a screen that was left. */
const shownMs = 3 * 60 * 1000

export function PhraseCard({ locked }: { locked: boolean }) {
  const { peerhood } = useDaemon()
  const [asking, setAsking] = useState(false)
  const [passphrase, setPassphrase] = useState('')
  const [words, setWords] = useState<readonly string[]>()
  const action = useAction()
  useHiding(words, setWords)
  const show = () =>
    action.run(async () => {
      const phrase = await peerhood.identity.phrase(locked ? { passphrase } : {})
      setPassphrase('')
      setWords(phraseWords(phrase))
    })
  return (
    <Card title="Recovery phrase">
      <p className="soft">
        These 24 words are you: they bring back this identity and its wallet on any computer. Write them on paper and
        keep it safe. Whoever reads them can act as you.
      </p>
      {locked && words === undefined && (
        <TextField
          label="Passphrase"
          type="password"
          autoComplete="current-password"
          value={passphrase}
          onChange={setPassphrase}
        />
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      {words !== undefined && <Words words={words} />}
      <div className="actions">
        {words === undefined ? (
          <Button icon="eye" busy={action.busy} disabled={locked && passphrase === ''} onClick={() => setAsking(true)}>
            Show the words
          </Button>
        ) : (
          <Button look="primary" onClick={() => setWords(undefined)}>
            Hide them
          </Button>
        )}
      </div>
      {asking && (
        <Confirm
          title="Show the recovery phrase?"
          verb="Show it"
          danger={false}
          onConfirm={() => void show()}
          onClose={() => setAsking(false)}
        >
          <p>Make sure that nobody looks over your shoulder and that this screen is not being shared or recorded.</p>
        </Confirm>
      )}
    </Card>
  )
}

function Words({ words }: { words: readonly string[] }) {
  return (
    <ol className="words" aria-label="Recovery phrase">
      {words.map((word, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a word may stand twice; its place is its meaning
        <li key={at}>{word}</li>
      ))}
    </ol>
  )
}

/** Hides the words after a while, and as soon as the page is put aside. */
function useHiding(words: readonly string[] | undefined, setWords: (words: undefined) => void): void {
  useEffect(() => {
    if (words === undefined) return
    const hide = () => setWords(undefined)
    const onHidden = () => {
      if (document.hidden) hide()
    }
    const timer = setTimeout(hide, shownMs)
    document.addEventListener('visibilitychange', onHidden)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onHidden)
    }
  }, [words, setWords])
}
