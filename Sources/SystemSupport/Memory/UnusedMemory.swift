import CMalloc

/// What the C library keeps of memory that was freed, in case that it is wanted again.
public enum UnusedMemory {
    /// Gives whole pages of it back to the kernel.
    ///
    /// Blocks for a millisecond or two; whoever allocates meanwhile may wait for a part of that.
    public static func giveBack() {
        malloc_trim(0)
    }
}
