import { describeKilling } from './kill.js'

describeKilling('3.3', 'all', 8)
describeKilling('3.1', 'all', 2)
