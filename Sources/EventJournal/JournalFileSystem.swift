/// The one folder that a journal lives in, as the journal sees it: a port, so that tests enumerate crash states.
///
/// Every call is one system call and reports its failure; nothing is retried, buffered or hidden here. Names are UTF-8
/// bytes without a slash. Handles are small numbers that the implementation owns.
public protocol JournalFileSystem {
    /// How a file is opened.
    typealias Mode = JournalFileMode

    /// Calls `body` with the name of each entry, in no order.
    func list(_ body: ([UInt8]) -> Void) throws(SystemError)
    /// Opens a file of the folder.
    func open(_ name: [UInt8], _ mode: Mode) throws(SystemError) -> Int32
    /// Reads at an offset; fewer bytes than asked for are no error, 0 is the end of the file.
    func read(_ file: Int32, at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    /// Writes at an offset; the result may be less than asked for.
    func write(_ file: Int32, at offset: Int, _ source: UnsafeRawBufferPointer) throws(SystemError) -> Int
    /// Makes the file's data and size durable (`fdatasync`).
    func sync(_ file: Int32) throws(SystemError)
    /// Makes the folder's entries durable.
    func syncFolder() throws(SystemError)
    /// Cuts a file.
    func truncate(_ file: Int32, to byteCount: Int) throws(SystemError)
    /// Gives the handle back; it is gone also when this throws.
    func close(_ file: Int32) throws(SystemError)
    /// Removes the folder's entry.
    func remove(_ name: [UInt8]) throws(SystemError)
    /// The file's size in bytes, at most `JournalOptions.largestSegmentByteCount`.
    func size(_ file: Int32) throws(SystemError) -> Int
    /// Asks the kernel to forget cached pages, so that the next read comes from the medium; a hint.
    func dropCache(_ file: Int32)
    /// Takes the folder's lock: `.held(by:)` when another process has it.
    func lock() throws(SystemError) -> JournalLock
}

/// How a file of the journal is opened.
public enum JournalFileMode: Sendable {
    /// An existing file, for reading.
    case read
    /// An existing file, for reading and writing.
    case write
    /// A file that is made, or emptied when its name is in use.
    case create
}

/// What asking for the journal's lock gave.
public enum JournalLock: Equatable, Sendable {
    /// This process has it until it ends.
    case taken
    /// Another process has it; 0 when its id cannot be read.
    case held(by: Int32)
}
