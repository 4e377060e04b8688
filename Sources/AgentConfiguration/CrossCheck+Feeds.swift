internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension CrossCheck {
    /// A serial device has one reader: two would get half of the bytes each.
    mutating func checkReceivers() {
        var seen: [(path: UTF8Text, section: UTF8Text)] = []
        for member in resolved.members(of: "source.") {
            let section = "source." + member
            guard resolved.text(section, "type") == "nmea", let path = resolved.text(section, "device") else { continue }
            if let first = seen.first(where: { $0.path == path }) {
                report(section, "device", "the device " + path + " is read by [" + first.section + "] already; take one of the two out")
            }
            seen.append((path, section))
        }
    }

    /// A broker on another machine is reached over a network, and a source without mappings hears nothing.
    mutating func checkLocalBrokers() {
        let mapped = resolved.members(of: "mapping.").compactMap { resolved.text("mapping." + $0, "source") }
        for member in resolved.members(of: "source.") {
            let section = "source." + member
            guard resolved.text(section, "type") == "mqtt" else { continue }
            let host = resolved.text(section, "host") ?? ""
            let isProtected = resolved.text(section, "ca") != nil || resolved.flag(section, "insecure") == true
            if !isProtected, !AgentConfiguration.LocalBroker.isLoopback(host) {
                report(section, "host", host + " is another machine: set ca for TLS, or insecure = true if nobody else is on that network")
            }
            if resolved.text(section, "password-file") != nil, resolved.text(section, "user") == nil {
                report(section, "password-file", "a password needs its user; set user too")
            }
            if !mapped.contains(where: { $0 == member }) {
                report(section, "type", "no mapping names this source, so nothing of it would be recorded; add [mapping.NAME] with source = " + member)
            }
        }
    }

    /// A mapping's source exists, and its sensor's section agrees on the quantity.
    mutating func checkMappings() {
        for member in resolved.members(of: "mapping.") {
            let section = "mapping." + member
            let source = resolved.text(section, "source") ?? ""
            if resolved.text("source." + source, "type") != "mqtt" {
                report(section, "source", "there is no [source." + source + "] with type = mqtt; name one that is")
            }
            let sensor = "sensor." + (resolved.text(section, "sensor") ?? member)
            guard let quantity = AgentConfiguration.Mapping.value(section, resolved).quantity?.description.name.text,
                let declared = resolved.text(sensor, "quantity"), declared != quantity
            else { continue }
            report(section, "source", "its value is " + quantity + ", but [" + sensor + "] measures " + declared + "; name another sensor, or mend one of the two")
        }
    }
}
