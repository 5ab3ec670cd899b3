// Rules of the settings forms. Pure.

/** Words of a recovery phrase, however it was typed or pasted. */
export function phraseWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
}

export const phraseWordCount = 24

/** Why a phrase can't be sent yet; the daemon checks the words themselves. */
export function phraseHint(text: string): string {
  const { length } = phraseWords(text)
  if (length === phraseWordCount) return 'All 24 words are there.'
  return length < phraseWordCount
    ? `${length} of 24 words.`
    : `${length} words: that is ${length - phraseWordCount} too many.`
}

/** Bootstrap addresses, one a line. */
export function addressLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Why a list of addresses can't be saved; undefined when it can. */
export function addressProblem(text: string): string | undefined {
  const wrong = addressLines(text).find((line) => !/^\/.+\/p2p\/\w+$/.test(line))
  return wrong === undefined ? undefined : `An address looks like /ip4/…/tcp/…/p2p/…; this one does not: ${wrong}`
}

export function passphraseProblem(next: string, again: string): string | undefined {
  if (next === '' || again === '' || next === again) return undefined
  return 'The two are not the same.'
}
