// Limits of the UDP transport. Each says what it keeps.

/** Every datagram of ours but a greeting has this length, so that no answer is longer than its question: nobody gains by a
 * forged sender. */
export const datagramBytes = 64
/** A greeting is longer, because a stream that nothing comes on is answered twice: by a welcome, and at last by udx's reset
 * of 20 bytes. With the headers of IPv6 and UDP (48 bytes each) that is 180 bytes, and the greeting has 192. */
export const helloBytes = 144
/** A greeting is repeated after these pauses, in ms, until it is answered: one may be lost, or meet a router not yet open. */
export const helloPausesMs: readonly number[] = [100, 200, 400, 800]
/** Patience with the answer to greetings. */
export const helloTimeoutMs = 4_000
/** Streams that strangers have opened and nobody has proven an identity on. Above it greetings are refused. */
export const strangersMax = 64
/** From so many on, a greeting has to bring back a cookie first, which a forged sender never receives. */
export const strangersWithoutCookieMax = 16
/** A cookie is good for this time and for the one after it. */
export const cookieMs = 30_000
/** Answers to datagrams that make no stream, a second and in a burst, to all: what is over is dropped. */
export const answersPerSecond = 200
export const answersBurst = 400
/** Sockets that are open at once to answer from another port. */
export const apartSocketsMax = 8
/** Routers forget a UDP mapping after 30 s (RFC 4787 asks for 2 min, many keep to less; some take 20 s), so an idle stream
 * is heard of this often. */
export const keepAliveMs = 14_000
/** How often streams are looked at: one that has fallen silent since is asked after. */
export const watchEveryMs = 1_000
/** Patience with one such question, which is repeated as a greeting is. */
export const checkTimeoutMs = 2_000
/** Questions without an answer, one after the other, after which a silent stream counts as dead. */
export const checksFailedMax = 2
/** Bytes that came and that nobody reads yet. No peer that keeps to the windows of yamux comes near, since whoever reads
 * from the connection passes on at once. */
export const unreadBytesMax = 16 * 1024 * 1024
/** After we closed a connection and the other side has all of it, it may go on reading and end its own side this long. */
export const lingerMs = 2_000
/** Sockets to send from where our router gives each destination another port. With as many guesses on the other side as
 * below, one pair of ports meets in 98 of 100 tries (the birthday paradox over 64,512 ports). Home routers have tables of
 * some thousand mappings; more than this at once would be rude. */
export const punchSockets = 256
/** Ports of the other side's router that are tried, at most. */
export const guessesMax = 1_024
/** Ways by which one greeting goes and comes, of which the greeter takes one that leads there and back: those by which the
 * sockets above send, and some that answers show. */
export const waysMax = 512
/** Datagrams that one try sends of its own, at most: the sockets above greet six times in its 3 s. */
export const punchDatagramsMax = 1_700
/** Guesses at once, and the pause until the next ones in ms: 2,000 a second. */
export const guessesPerTick = 20
export const guessTickMs = 10
