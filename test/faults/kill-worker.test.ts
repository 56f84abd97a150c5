import { describeKilling } from './kill.js'

describeKilling('3.3', 'workers', 10)
