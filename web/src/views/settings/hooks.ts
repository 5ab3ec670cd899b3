// Saves a part of the settings, and says how that went.

import type { SettingsPatch } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { type Action, useAction, useDaemon, useLearn } from '../../store/hooks.tsx'

export function useSave(): Action & { save: (patch: SettingsPatch) => void } {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say } = useShell()
  const action = useAction()
  const save = (patch: SettingsPatch) => {
    void action.run(async () => {
      const settings = await peerhood.settings.change(patch)
      learn({ type: 'settings', settings })
      say('Saved')
    })
  }
  return { ...action, save }
}
