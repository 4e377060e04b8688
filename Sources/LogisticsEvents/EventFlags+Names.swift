public import AttestationFormat

extension EventFlags {
    /// The flags' names in intake lines and `inspect`, by number (wire-format.md section 3, key 11).
    public static let names: [(flag: EventFlags, name: UTF8Text)] = [
        (.suspectValue, "suspect-value"), (.clockUnsynchronised, "clock-unsynchronised"),
        (.clockStepped, "clock-stepped"), (.sensorFault, "sensor-fault"),
        (.calibrationExpired, "calibration-expired"), (.notFirstHand, "not-first-hand"), (.late, "late"),
        (.replayed, "replayed"),
    ]
}
