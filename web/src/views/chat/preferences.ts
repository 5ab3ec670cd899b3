// What this browser's person wants of chat; kept in this browser.

import { readStored, writeStored } from '../../store/storage.ts'

/** Larger pictures wait for a press, whatever the setting. */
export const pictureBytesMax = 3_000_000

const picturesKey = 'peerhood.chat.pictures'
const notificationsKey = 'peerhood.chat.notifications'

export function showsPictures(): boolean {
  return readStored(picturesKey) === 'yes'
}

export function setShowsPictures(wanted: boolean): void {
  writeStored(picturesKey, wanted ? 'yes' : null)
}

export function wantsNotifications(): boolean {
  return readStored(notificationsKey) === 'yes'
}

export function setWantsNotifications(wanted: boolean): void {
  writeStored(notificationsKey, wanted ? 'yes' : null)
}
