import { createLocalHub, type LocalStore } from '../../lib/cluster/local-store.js'
import { describeContract } from './contract.js'

describeContract('nodes in one process', false, () => {
  const hub = createLocalHub()
  const stores: LocalStore[] = []
  const setAway = (away: boolean): Promise<void> => {
    if (away) hub.wipe()
    for (const store of stores) store.setAway(away)
    return Promise.resolve()
  }
  return Promise.resolve({
    store() {
      const store = hub.join()
      stores.push(store)
      return store
    },
    stop: () => setAway(true),
    start: () => setAway(false),
    shout: async (node, text) => {
      const store = hub.join()
      await store.send(node, text)
      store.close()
    },
    end: () => Promise.resolve(),
  })
})
