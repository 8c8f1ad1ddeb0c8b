using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace DistributedMutex.Analyzers;

/// <summary>
/// Warns of a lock that nobody has, because nobody looks whether it could be had, and of one that nobody gives back. A discard
/// (<c>_ = …</c>) says that it is meant.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class LockAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The result of a call that asks for a lock is not looked at.</summary>
    public const string IgnoredId = "DMX001";

    /// <summary>A lock is held, and nothing disposes of it.</summary>
    public const string NotDisposedId = "DMX002";

    private static readonly DiagnosticDescriptor Ignored = new(
        IgnoredId,
        "Look at the result of a call that asks for a lock",
        "Nobody looks at the result of '{0}': the code that follows runs without the lock if it could not be had, or nobody releases it",
        "Reliability",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor NotDisposed = new(
        NotDisposedId,
        "Dispose a lock that is held",
        "The lock that '{0}' returns is not disposed: others wait until its lease ends. Write 'using' or 'await using'.",
        "Reliability",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Ignored, NotDisposed];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterOperationAction(LookAt, OperationKind.Invocation);
    }

    private static void LookAt(OperationAnalysisContext context)
    {
        var call = (IInvocationOperation)context.Operation;
        if (!call.TargetMethod.AsksForLock())
        {
            return;
        }

        var result = call.Outermost();
        var rule = result.Parent switch
        {
            IExpressionStatementOperation => Ignored,

            // A lambda or method of one expression that returns nothing.
            IReturnOperation { IsImplicit: true, ReturnedValue: null } => Ignored,
            _ when !(result is IConversionOperation conversion ? conversion.Operand : result).Type.IsHeldLock() => null,
            IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declared } => IsLeftOpen(declared.Symbol, declared) ? NotDisposed : null,
            IIsPatternOperation { Pattern: IDeclarationPatternOperation { DeclaredSymbol: ILocalSymbol local } } pattern => IsLeftOpen(local, pattern) ? NotDisposed : null,
            IIsPatternOperation { Pattern: IRecursivePatternOperation { DeclaredSymbol: ILocalSymbol local } } pattern => IsLeftOpen(local, pattern) ? NotDisposed : null,

            // Only looked at, and then out of reach.
            IIsPatternOperation or IBinaryOperation or IPropertyReferenceOperation => NotDisposed,
            _ => null,
        };
        if (rule is not null)
        {
            context.ReportDiagnostic(Diagnostic.Create(rule, call.Syntax.GetLocation(), call.TargetMethod.Name));
        }
    }

    // Whoever passes it on, returns it or keeps it elsewhere has it disposed of elsewhere.
    private static bool IsLeftOpen(ILocalSymbol local, IOperation declared) =>
        !local.IsUsing && Root(declared).Descendants().OfType<ILocalReferenceOperation>()
            .Where(reference => SymbolEqualityComparer.Default.Equals(reference.Local, local)).All(IsOnlyLookedAt);

    private static bool IsOnlyLookedAt(ILocalReferenceOperation reference)
    {
        IOperation operand = reference;
        while (operand.Parent is IConversionOperation or IParenthesizedOperation)
        {
            operand = operand.Parent;
        }

        return operand.Parent switch
        {
            IIsPatternOperation { Pattern: IConstantPatternOperation or INegatedPatternOperation } or IBinaryOperation or IPropertyReferenceOperation => true,
            IInvocationOperation invocation when invocation.Instance == operand => invocation.TargetMethod.Name == "ExtendAsync",
            IConditionalAccessOperation { WhenNotNull: IPropertyReferenceOperation } => true,
            _ => false,
        };
    }

    private static IOperation Root(IOperation operation)
    {
        while (operation.Parent is not null)
        {
            operation = operation.Parent;
        }

        return operation;
    }
}
