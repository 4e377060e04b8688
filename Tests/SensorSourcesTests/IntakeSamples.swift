import AttestationFormat
import LogisticsEvents
@testable import SensorSources

/// A moment for lines: 2026-11-22T06:03:08Z.
let sampleMoment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 60_000, clockSource: .ntp)

/// A line with every common key.
let sampleLine =
    #"{"source":"wms-1","number":8127,"kind":"unit.loaded","time":"2026-11-22T14:03:07.250+08:00","what":["parent:bic:CSQU3054383","https://id.gs1.org/00/395212340000000175"],"readPoint":"https://id.gs1.org/414/9521234000013","readings":[{"sensor":"reefer-air","quantity":"temperature","value":4.25}],"documents":{"desadv":"D-77"},"fields":{"placement":"door"}}"#

/// Salts that can be recognised.
struct FixedSalts: SaltSource {
    mutating func salt(byteCount: Int) -> [UInt8] { [UInt8](repeating: 0x5A, count: byteCount) }
}

func intakeLine(_ line: String, isReplayed: Bool = false) throws -> IntakeLine {
    var parser = IntakeParser()
    let bytes = Array(line.utf8)
    return try parser.parse(bytes.span, at: sampleMoment, isReplayed: isReplayed)
}

/// The event of a line, checked as a node would check it.
func event(of line: String, at moment: EventMoment = sampleMoment) throws -> EventView {
    try event(of: Array(line.utf8), at: moment)
}

func event(of line: [UInt8], at moment: EventMoment = sampleMoment) throws -> EventView {
    var parser = IntakeParser()
    var salts = FixedSalts()
    return try EventView(parsing: try parser.parse(line.span, at: moment).encoded(salts: &salts))
}
