using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace DistributedMutex.Analyzers;

/// <summary>The calls of the library that ask for a lock, and what surrounds them.</summary>
internal static class LockCalls
{
    /// <summary>Whether a method asks for a lock, and its result says whether there is one.</summary>
    public static bool AsksForLock(this IMethodSymbol method) =>
        IsOfLibrary(method.ContainingType)
        && (method.Name is "Lock" or "LockAsync" || method.Name.StartsWith("Acquire", StringComparison.Ordinal) || method.Name.StartsWith("TryAcquire", StringComparison.Ordinal));

    /// <summary>Whether a type is a lock that is held, or a set of them.</summary>
    public static bool IsHeldLock(this ITypeSymbol? type) => type is { Name: "MutexLock" or "MutexLockSet" } && IsOfLibrary(type);

    /// <summary>The call, as it or the await of it stands in other code: without parentheses, conversions and ConfigureAwait.</summary>
    public static IOperation Outermost(this IInvocationOperation call)
    {
        IOperation outermost = call;
        while (outermost.Parent is { } parent
            && (parent is IAwaitOperation or IParenthesizedOperation or IConversionOperation
                || (parent is IConditionalAccessOperation access && access.WhenNotNull == outermost)
                || (parent is IInvocationOperation { TargetMethod.Name: "ConfigureAwait" or "WaitAsync" or "AsTask" or "GetAwaiter" or "GetResult" } wrapper && wrapper.Instance == outermost)))
        {
            outermost = parent;
        }

        return outermost;
    }

    private static bool IsOfLibrary(ITypeSymbol? type) => type?.ContainingNamespace is { Name: "DistributedMutex", ContainingNamespace.IsGlobalNamespace: true };
}
