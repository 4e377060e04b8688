internal import AllianceTrust
internal import DeviceRegistry
internal import Foundation
internal import Glibc

/// A registry's store with the settings of its configuration.
enum OpenedRegistry {
    /// Opens the store. A new one is made for a registry that never ran alone: an empty one in the place of one that is lost would publish lists without the
    /// gateways that were stolen.
    ///
    /// - Parameter beginsAnew: somebody says that it never ran.
    /// - Throws: `RegistryError`; `CommandError` where a registry that is to begin anew has a store.
    static func open(_ configuration: RegistryConfiguration, beginsAnew: Bool = false) throws -> Registry {
        let folder = configuration.dataPath
        guard !beginsAnew || !Registry.hasStore(in: folder) else {
            throw CommandError(.usage, "\(folder) has a registry store already", nextStep: "leave --new-store out: it is for the first start alone")
        }
        let mark = NewStoreMark(configuration.path)
        let mayCreate = beginsAnew || mark.isThere
        if mayCreate { try DurableFile.makeDirectory(folder, mode: 0o700) }
        let registry = try Registry(folder: folder, settings: configuration.settings, statements: FirmStatements(), mayCreate: mayCreate)
        mark.remove()
        return registry
    }
}

/// The file beside registry.conf by which `registry init` says that this registry has never run: the first command that opens its store makes the store, and
/// takes the mark away. Where its user may not, the unit does.
struct NewStoreMark {
    let path: String

    static let name = "new-store"

    /// - Parameter configurationFile: registry.conf.
    init(_ configurationFile: String) {
        path = URL(fileURLWithPath: configurationFile).deletingLastPathComponent().appendingPathComponent(Self.name).path
    }

    var isThere: Bool { DurableFile.exists(path) }

    func write() throws {
        try DurableFile.write(Array("This registry has never run: its first start makes its store, and this file goes then.\n".utf8), to: path)
    }

    /// A user who may not leaves it.
    func remove() { _ = unlink(path) }
}
