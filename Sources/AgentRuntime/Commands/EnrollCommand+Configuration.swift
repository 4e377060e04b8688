internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceEnrolment
internal import SealToken
internal import SmallFiles

extension EnrollCommand {
    /// The drop-in that says what enrolment brought: the same name and the same lines as by hand (Hardware/install.md).
    static func configure(
        _ name: GatewayName, _ order: EnrolmentOrder, _ settings: EnrolmentSettings, _ places: EnrolmentPlaces, _ arguments: Arguments
    ) throws(EnrolmentError) {
        let folder = arguments.configPath + ".d"
        let path = folder + "/10-gateway.conf"
        let text = snippet(name, order, settings, places)
        if settings.alliance == name.alliance.text, isSaid(settings, order) { return }
        if let there = try? SmallFile.read(path, limit: 65_536), !there.starts(with: Array("# Written by harborseal".utf8)) {
            Output.complain("\(path.string) is somebody's own; take what follows over into it by hand, then run this again:\n\(text)")
            throw EnrolmentError.file(FileError(.create, path))
        }
        // Root's file, for the agent's group to read; so is the folder, which the package makes.
        try places.user?.actAsRoot()
        if places.user == nil {
            let descriptor = folder.withCText { posix_folder_open($0, true) }
            if descriptor >= 0 { _ = posix_socket_close(descriptor) }
        }
        try places.write(path, Array(text.utf8), permissions: 0o640)
        try places.user?.act()
        Output.print("configuration in \(path.string)")
    }

    /// Whether the configuration in force has it all, if the alliance that it names is the right one.
    static func isSaid(_ settings: EnrolmentSettings, _ order: EnrolmentOrder) -> Bool {
        settings.alliance != nil && settings.firm == order.gateway.firm.text && settings.device == order.gateway.device.text
            && settings.linkKey != nil && settings.linkCertificate != nil && settings.authority != nil
            && settings.registry == order.address.text && (order.brokers == nil || settings.brokers == order.brokers)
    }

    private static func snippet(
        _ name: GatewayName, _ order: EnrolmentOrder, _ settings: EnrolmentSettings, _ places: EnrolmentPlaces
    ) -> String {
        let brokers = order.brokers ?? settings.brokers
        return """
            # Written by harborseal-agent enroll.
            [identity]
            alliance = \(name.alliance.text.string)
            firm = \(name.firm.text.string)
            device = \(name.device.text.string)

            [registry]
            address = \(order.address.text.string)

            [seal]
            key = \(places.seal.key.text.string)
            certificate = \(places.seal.certificate.string)

            [link]
            \(brokers.map { "brokers = \($0.string)" } ?? "# brokers = HOST:PORT")
            ca = \(places.authority.string)
            certificate = \(places.link.certificate.string)
            key = \(places.link.key.text.string)

            [trust]
            file = \(places.trustFile.string)

            """
    }
}
