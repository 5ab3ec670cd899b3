// What a transfer is doing or waiting for, in words for a person. Pure.

export type Activity =
  | { readonly type: 'looking'; readonly long: boolean }
  | { readonly type: 'checking' }
  | { readonly type: 'listing' }
  | { readonly type: 'fetching'; readonly peers: number }
  | { readonly type: 'queued'; readonly peers: number }
  | { readonly type: 'incomplete'; readonly peers: number }
  | { readonly type: 'finishing' }
  | { readonly type: 'paused' }
  | { readonly type: 'done' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly message: string }

export function sentenceOf(activity: Activity): string {
  switch (activity.type) {
    case 'looking':
      return activity.long ? 'Nobody who has it is reachable; still looking.' : 'Looking for someone who has it.'
    case 'checking':
      return 'Checking what is already on this computer.'
    case 'listing':
      return 'Reading the list of its blocks.'
    case 'fetching':
      return `Fetching from ${people(activity.peers)}.`
    case 'queued':
      return `Waiting for a turn: ${people(activity.peers)} ${activity.peers === 1 ? 'is' : 'are'} busy with others.`
    case 'incomplete':
      return `Connected to ${people(activity.peers)}, who can't send what is missing; still looking.`
    case 'finishing':
      return 'Everything is here; writing the last of it to disk.'
    case 'paused':
      return 'Paused.'
    case 'done':
      return 'Done.'
    case 'cancelled':
      return 'Cancelled.'
    case 'failed':
      return activity.message
  }
}

function people(count: number): string {
  return count === 1 ? 'one peer' : `${count} peers`
}
