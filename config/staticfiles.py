"""Static files with a content hash in their names, ES module imports included."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ModuleManifestStorage(ManifestStaticFilesStorage):
    """Manifest storage that also rewrites `import … from './x.js'` to the hashed name."""

    support_js_module_import_aggregation = True
