// Limits of hole punching. Each says what it keeps.

/** Patience with one try: the first quarter of it is what nearly every success takes, the rest is for lost packets. */
export const punchTimeoutMs = 3_000
/** Pauses before further tries while bytes go by the relay, in ms; the last one again and again: networks change. */
export const punchPausesMs: readonly number[] = [1_000, 3_000, 5_000, 10_000, 15_000, 15_000, 15_000, 60_000, 300_000]
/** Tries with all peers at once. One may take some hundred sockets. */
export const punchesMax = 4
/** Tries that one peer may ask of us in a minute. */
export const punchesPerMinute = 15
/** Tries a minute that send much to one host, whoever asks for them: many peers might name one that none of them is on. */
export const guessesPerHostPerMinute = 6
/** Patience with an answer of the other side over the relay. */
export const answerTimeoutMs = 5_000
/** Patience with each of those whom we ask where our packets come from. */
export const askTimeoutMs = 600
/** How often, and how far apart in ms, we look for a second peer to ask. */
export const observerLooksMax = 6
export const observerLookMs = 100
/** Peers that are asked. Three tell whether ports are given out in sequence. */
export const observersMax = 3
/** How long the side that awaits keeps its other way when one is open: which of them it is, the greeter says by using it. */
export const choiceGraceMs = 1_000
/** Addresses that one side names. */
export const addressesMax = 8
/** Ports in sequence that are guessed first where the last ones seen were close together. */
export const predictedMax = 64
/** Of those, so many leave from one socket where both routers give ports in sequence: each further socket supposes that one
 * port more was taken by others meanwhile. */
export const predictedPerSocket = 8
/** How far apart ports in sequence may lie: others use the same router. */
export const predictedStepMax = 16
