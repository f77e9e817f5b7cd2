// npm run bench:report: draws what bench/results/ holds into docs/performance.md once more
import { drawReport, prepare } from './setup.ts'

prepare({ buildGateway: false })
drawReport()
